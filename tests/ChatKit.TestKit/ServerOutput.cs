using System.Text.RegularExpressions;

namespace ChatKit.TestKit;

/// <summary>What a server prints, which says where it listens.</summary>
/// <param name="listens">Matches that line. The first group is the address.</param>
public sealed class ServerOutput(Regex listens)
{
    private readonly List<string> _lines = [];
    private readonly TaskCompletionSource<Uri> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Takes a line, from any thread.</summary>
    public void Add(string line)
    {
        lock (_lines)
            _lines.Add(line);
        if (listens.Match(line) is { Success: true } match)
            _address.TrySetResult(new Uri(match.Groups[1].Value));
    }

    /// <summary>Waits until the server listens, and returns its address. Disposes the server if it doesn't.</summary>
    /// <exception cref="TimeoutException">It doesn't listen. The message has what it has printed.</exception>
    public async Task<Uri> ListensAsync(IAsyncDisposable server)
    {
        try
        {
            return await _address.Task.Soon();
        }
        catch (TimeoutException)
        {
            await server.DisposeAsync();
            throw new TimeoutException($"The sample did not start. It printed:\n{this}");
        }
    }

    /// <summary>The lines so far.</summary>
    public override string ToString()
    {
        lock (_lines)
            return string.Join('\n', _lines);
    }
}
