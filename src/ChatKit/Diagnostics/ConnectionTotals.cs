namespace ChatKit.Diagnostics;

/// <summary>The connections of this node, added up.</summary>
/// <param name="Count">How many there are.</param>
/// <param name="Received">Bytes of frames that have come, also from those that are gone.</param>
/// <param name="Sent">Bytes of frames that were written, also to those that are gone.</param>
/// <param name="Queued">Bytes that wait to be written.</param>
/// <param name="LargestQueue">Bytes that wait for the client for which most do.</param>
internal readonly record struct ConnectionTotals(int Count, long Received, long Sent, long Queued, long LargestQueue);
