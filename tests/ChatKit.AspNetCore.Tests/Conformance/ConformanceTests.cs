using System.Text;

namespace ChatKit.AspNetCore.Tests.Conformance;

/// <summary>
/// What RFC 6455 requires of a server that reads a client's frames. Each suite runs in those ways of receiving frames that can change its
/// outcome: see <see cref="DependsOnAttribute"/> and <see cref="OverSocket"/>.
/// </summary>
public abstract class ConformanceTests(EchoServer server)
{
    protected EchoServer Server => server;

    /// <summary>Connects a client.</summary>
    /// <param name="early">Bytes to send in the same segment as the handshake.</param>
    private protected Task<EchoClient> ConnectAsync(params byte[] early) => server.ConnectAsync(early);

    /// <summary>Sends an invalid frame.</summary>
    private protected async Task FailsAsync(int code, params byte[][] frames)
    {
        using var client = await ConnectAsync();
        await client.SendAsync(frames);
        await client.ExpectFaultAsync(code);
    }

    /// <summary>A payload that is valid for both types, and in which a lost or swapped byte is always detected.</summary>
    private protected static byte[] Payload(int length)
    {
        var text = new StringBuilder(length + 8);
        for (var i = 0; text.Length < length; i++)
            text.Append(i).Append(' ');
        return Encoding.ASCII.GetBytes(text.ToString(0, length));
    }
}
