namespace ChatKit.LoadTest.Generator.Tests;

/// <summary>For connections on which nothing is sent.</summary>
internal sealed class SilentListener : IFleetListener
{
    public void OnText(Connection connection, ReadOnlySpan<byte> text, long now) =>
        throw new InvalidDataException("The server has sent a text that nobody has sent to it.");
}
