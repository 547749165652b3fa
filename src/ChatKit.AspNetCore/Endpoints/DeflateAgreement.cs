namespace ChatKit.AspNetCore.Endpoints;

/// <summary>The result of negotiating compression with a client.</summary>
/// <param name="Header">The response's <c>Sec-WebSocket-Extensions</c>.</param>
/// <param name="ServerWindowBits">The maximum size of the server's compression window, in bits.</param>
internal sealed record DeflateAgreement(string Header, int ServerWindowBits);
