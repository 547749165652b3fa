namespace ChatKit.ChaosTests.Harness;

/// <summary>Sends requests to nodes directly, bypassing the network of the clients.</summary>
internal static class NodeCalls
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(3) };

    /// <summary>Returns the lines of the answer; null if there is none.</summary>
    public static async Task<string[]?> AskAsync(this Node node, string path)
    {
        try
        {
            return (await Http.GetStringAsync(AddressOf(node, path))).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>Returns whether the request succeeded.</summary>
    public static async Task<bool> PostAsync(this Node node, string path)
    {
        try
        {
            using var answer = await Http.PostAsync(AddressOf(node, path), null);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    private static Uri AddressOf(Node node, string path) => new($"http://127.0.0.1:{node.Port}{path}");
}
