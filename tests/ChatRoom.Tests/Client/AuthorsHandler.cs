using ChatKit;

namespace ChatRoom.Tests.Client;

/// <summary>A handler that lets authors change their messages.</summary>
internal abstract class AuthorsHandler : WebSocketHandler
{
    protected override async ValueTask OnEditAsync(EditRequest request)
    {
        Check(request.Original);
        await EditAsync(request.Position, request.Message.Text, request.Room);
    }

    protected override async ValueTask OnDeleteAsync(DeleteRequest request)
    {
        Check(request.Original);
        await DeleteAsync(request.Position, request.Room);
    }

    private void Check(ChatMessage original)
    {
        if (original.From != Connection.UserId)
            throw new MessageRefusedException("forbidden", "Only the author can change a message.");
    }
}
