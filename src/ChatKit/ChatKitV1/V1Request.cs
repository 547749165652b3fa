namespace ChatKit.ChatKitV1;

/// <summary>Reads the frames of a client that are handled in their turn: messages and requests.</summary>
internal static class V1Request
{
    /// <param name="frame">A frame of a known type, whose common members are valid.</param>
    /// <param name="received">The frame's JSON.</param>
    /// <param name="inbound">What the frame asks for. Its message names the room that the frame addresses, if it names one.</param>
    /// <returns>What is wrong with the frame, for people; null if it is valid.</returns>
    public static string? Read(V1ClientFrame frame, WebSocketMessage received, out InboundMessage inbound)
    {
        string? problem = null;
        ClientRequest? request = null;
        switch (frame.Type)
        {
            case V1ClientFrame.JoinType:
                problem = V1JoinFrame.Read(received, out var after);
                request = new ClientRequest.Join(frame.Room!, after);
                break;
            case V1ClientFrame.LeaveType:
                request = new ClientRequest.Leave(frame.Room!);
                break;
            case V1ClientFrame.EditType:
                request = new ClientRequest.Edit(MessagePosition.Parse(frame.Position!));
                break;
            case V1ClientFrame.DeleteType:
                request = new ClientRequest.Delete(MessagePosition.Parse(frame.Position!));
                break;
            case V1ClientFrame.HistoryType:
                problem = V1HistoryFrame.Read(received, out var before, out var limit);
                request = new ClientRequest.History(before, limit);
                break;
            case V1ClientFrame.ReadType:
                request = new ClientRequest.Read(MessagePosition.Parse(frame.Position!));
                break;
            case V1ClientFrame.SignalType:
                problem = V1SignalFrame.Read(received, frame.Data, out var name);
                request = new ClientRequest.Signal(name, frame.Data);
                break;
        }

        var message = request is ClientRequest.Join or ClientRequest.Leave ? default : frame.ToMessage();
        inbound = new InboundMessage(message, frame.ValidRef, request);
        return problem;
    }
}
