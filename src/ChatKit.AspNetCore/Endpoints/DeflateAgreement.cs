namespace ChatKit.AspNetCore.Endpoints;

/// <summary>What a client and this side have agreed on.</summary>
/// <param name="Header">The response's <c>Sec-WebSocket-Extensions</c>.</param>
/// <param name="ServerWindowBits">How large the window may be with which this side compresses, in bits.</param>
internal sealed record DeflateAgreement(string Header, int ServerWindowBits);
