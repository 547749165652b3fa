namespace ChatKit.Connections;

internal static class PublishResult
{
    /// <summary>Drops the position of a published message. Allocates nothing if it is known already.</summary>
    public static ValueTask WithoutResult(this ValueTask<MessagePosition?> publishing)
    {
        if (!publishing.IsCompletedSuccessfully)
            return new ValueTask(publishing.AsTask());
        _ = publishing.Result;
        return ValueTask.CompletedTask;
    }
}
