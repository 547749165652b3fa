using ChatKit.Client.Protocol;

namespace ChatKit.Client.Connections;

/// <summary>What the client has asked on a connection, and the server hasn't answered. Under the session's lock.</summary>
internal sealed class Requests
{
    private Dictionary<string, (int Index, Action<ChatException?, ServerFrame?> Answer)>? _byRef;

    public bool IsEmpty => _byRef is null or { Count: 0 };

    /// <param name="reference">The ref of the request.</param>
    /// <param name="index">The number of frames that were sent before.</param>
    /// <param name="answer">Takes the error, or the answer.</param>
    public void Add(string reference, int index, Action<ChatException?, ServerFrame?> answer) => (_byRef ??= []).Add(reference, (index, answer));

    /// <summary>False if no request has this ref.</summary>
    public bool TryAnswer(string? reference, ChatException? error, ServerFrame? frame)
    {
        if (reference is null || _byRef is null || !_byRef.Remove(reference, out var request))
            return false;
        request.Answer(error, frame);
        return true;
    }

    public int? IndexOf(string? reference) =>
        reference is not null && _byRef is not null && _byRef.TryGetValue(reference, out var request) ? request.Index : null;

    /// <summary>The connection has ended.</summary>
    public void Drop()
    {
        var requests = _byRef?.Values.ToArray() ?? [];
        _byRef = null;
        foreach (var (_, answer) in requests)
            answer(NoConnection(), null);
    }

    public static ChatException NoConnection() => new(ChatErrorCodes.Closed, "There is no connection.");
}
