namespace ChatKit.AspNetCore.Tests.Sockets;

/// <summary>Bytes in which one that is lost, doubled, or at the wrong place is noticed.</summary>
internal static class LargeBody
{
    public const int Size = 20 * 1024 * 1024;

    /// <summary>More than the kernel takes for a client that reads nothing. It enlarges its buffers, but not that far (tcp(7)).</summary>
    public const int MoreThanBuffers = 16 * 1024 * 1024;

    public static byte[] Bytes { get; } = Create();

    /// <summary>Fails without printing all bytes.</summary>
    public static void AssertEqual(byte[] actual)
    {
        Assert.Equal(Size, actual.Length);
        Assert.Equal(Size, actual.AsSpan().CommonPrefixLength(Bytes));
    }

    private static byte[] Create()
    {
        var bytes = new byte[Size];
        new Random(1).NextBytes(bytes);
        return bytes;
    }
}
