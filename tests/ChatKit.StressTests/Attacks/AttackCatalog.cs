namespace ChatKit.StressTests.Attacks;

internal static class AttackCatalog
{
    /// <summary>A new instance of each attack.</summary>
    public static IReadOnlyList<Attack> Create() =>
    [
        new SlowHandshakes(),
        new NeverReading(),
        new SilentConnections(),
        new Pings(),
        new TinyFragments(),
        new Joins(),
        new NewRooms(),
        new HugeRoomNames(),
        new Messages(),
        new LargeMessages(),
        new CompressionBombs(),
        new MalformedFrames(),
        new AncientResumes(),
        new UnansweredCloses(),
    ];
}
