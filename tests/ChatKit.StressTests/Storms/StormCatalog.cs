namespace ChatKit.StressTests.Storms;

internal static class StormCatalog
{
    private const int LargeQueue = 1024 * 1024;
    private const int MissedMessages = 20;
    private const int MissedSize = 64;

    public static IReadOnlyList<Storm> Create(StormOptions options) =>
    [
        new("full-room", StormManner.Join, options.Joiners, Rooms: 1, options.Messages, options.MessageSize),
        new("one-visitor", StormManner.Visit, Clients: 1, Rooms: 1, options.Messages, options.MessageSize),
        new("returns", StormManner.Join, options.Returning, options.Rooms, MissedMessages, MissedSize) { Resumes = true },
        new("trickle", StormManner.Trickle, options.Tricklers, Rooms: 1, options.Messages, options.MessageSize)
        {
            Resumes = true,
            QueueLimit = LargeQueue,
        },
    ];
}
