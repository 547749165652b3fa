namespace ChatKit.Testing;

/// <summary>The exception that is thrown when the server answers a frame of a <see cref="ChatTestClient"/> with an error.</summary>
public sealed class ChatRefusedException : Exception
{
    internal ChatRefusedException(ChatFrame error)
        : base($"The server has answered with the error '{error.Code}': {error.Text}") => Error = error;

    /// <summary>The error's code, such as <c>unavailable</c>, <c>forbidden</c>, or a code of the handler.</summary>
    public string Code => Error.Code ?? "";

    /// <summary>The frame of the server.</summary>
    public ChatFrame Error { get; }
}
