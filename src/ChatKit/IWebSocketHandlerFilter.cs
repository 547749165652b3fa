using System.Diagnostics.CodeAnalysis;

namespace ChatKit;

/// <summary>
/// Does what several handlers would otherwise repeat, such as logging, permissions, or validation. A filter is called around the callbacks of
/// the handler. Register it with <see cref="WebSocketConnectionOptions.AddFilter{TFilter}"/>. Each connection has its own instance, created from
/// the connection's service scope and disposed of after the handler. Implement only the methods you need: the others call the handler.
/// </summary>
/// <remarks>
/// A method calls the next filter, or the handler, with <c>next</c>. It can pass something else on, or not call it at all. An exception has
/// the same effect as an exception of the handler: a <see cref="MessageRefusedException"/> refuses what the client has sent, and most others
/// close the connection with 1011. The methods of a connection's filters never run concurrently.
/// </remarks>
[SuppressMessage("Naming", "CA1716:Identifiers should not match keywords", Justification = "The filters of ASP.NET Core have a parameter of this name.")]
public interface IWebSocketHandlerFilter
{
    /// <summary>Called around <see cref="WebSocketHandler.OnOpenAsync"/>. To refuse the client, close the connection.</summary>
    /// <param name="connection">The client's connection.</param>
    /// <param name="next">Calls the next filter, or the handler.</param>
    ValueTask OnOpenAsync(WebSocketConnection connection, Func<ValueTask> next) => next();

    /// <summary>Called around <see cref="WebSocketHandler.OnMessageAsync"/>.</summary>
    /// <param name="connection">The client's connection.</param>
    /// <param name="message">The message.</param>
    /// <param name="next">Calls the next filter, or the handler.</param>
    ValueTask OnMessageAsync(WebSocketConnection connection, WebSocketMessage message, Func<WebSocketMessage, ValueTask> next) => next(message);

    /// <summary>
    /// Called around <see cref="WebSocketHandler.OnEditAsync"/>. A filter that checks messages should check what they become, too.
    /// </summary>
    /// <param name="connection">The client's connection.</param>
    /// <param name="request">The request.</param>
    /// <param name="next">Calls the next filter, or the handler.</param>
    ValueTask OnEditAsync(WebSocketConnection connection, EditRequest request, Func<EditRequest, ValueTask> next) => next(request);

    /// <summary>Called around <see cref="WebSocketHandler.OnDeleteAsync"/>.</summary>
    /// <param name="connection">The client's connection.</param>
    /// <param name="request">The request.</param>
    /// <param name="next">Calls the next filter, or the handler.</param>
    ValueTask OnDeleteAsync(WebSocketConnection connection, DeleteRequest request, Func<DeleteRequest, ValueTask> next) => next(request);

    /// <summary>Called around <see cref="WebSocketHandler.OnSignalAsync"/>.</summary>
    /// <param name="connection">The client's connection.</param>
    /// <param name="signal">The signal.</param>
    /// <param name="next">Calls the next filter, or the handler.</param>
    ValueTask OnSignalAsync(WebSocketConnection connection, RoomSignal signal, Func<RoomSignal, ValueTask> next) => next(signal);

    /// <summary>Called around <see cref="WebSocketHandler.OnCloseAsync"/>. Call <paramref name="next"/>, so that the handler can clean up.</summary>
    /// <param name="connection">The client's connection, which has ended.</param>
    /// <param name="close">How the connection ended.</param>
    /// <param name="next">Calls the next filter, or the handler.</param>
    ValueTask OnCloseAsync(WebSocketConnection connection, CloseInfo close, Func<CloseInfo, ValueTask> next) => next(close);
}
