namespace ChatKit.Diagnostics;

/// <summary>Totals over the connections of this node.</summary>
/// <param name="Count">The number of open connections.</param>
/// <param name="Received">Bytes of frames received, including on closed connections.</param>
/// <param name="Sent">Bytes of frames sent, including on closed connections.</param>
/// <param name="Queued">Bytes that wait to be written to all clients.</param>
/// <param name="LargestQueue">Bytes that wait for the client with the longest queue.</param>
internal readonly record struct ConnectionTotals(int Count, long Received, long Sent, long Queued, long LargestQueue);
