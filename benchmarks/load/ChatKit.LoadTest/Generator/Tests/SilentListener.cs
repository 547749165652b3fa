namespace ChatKit.LoadTest.Generator.Tests;

/// <summary>The listener for connections on which nothing is sent.</summary>
internal sealed class SilentListener : IFleetListener
{
    public void OnText(Connection connection, ReadOnlySpan<byte> text, long now) =>
        throw new InvalidDataException("The server sent a text that no client sent to it.");
}
