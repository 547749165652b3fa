// Checks what the reader of the tutorial sees after a command. Run with: dotnet run tutorial.cs -- echo 1 http://localhost:5000
// (the page, the number of its command, and the addresses of the nodes).
#:property PublishAot=false

using System.Net;
using System.Net.WebSockets;
using System.Text;

using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
using var http = new HttpClient();
var (step, nodes) = ($"{args[0]} {args[1]}", args[2..].Select(static address => new Uri(address)).ToArray());
await ExpectPageAsync();

switch (step)
{
    case "echo 1":
    {
        using var client = await ConnectAsync(nodes[0], "/ws");
        await SendAsync(client, "hello");
        await ExpectAsync(client, "echo: hello");
        await client.CloseAsync(WebSocketCloseStatus.NormalClosure, null, limit.Token);
        break;
    }

    case "broadcast 1":
    {
        using var first = await ConnectAsync(nodes[0], "/ws");
        using var second = await ConnectAsync(nodes[0], "/ws");
        await SendAsync(first, "hello");
        await ExpectAsync(first, "hello");
        await ExpectAsync(second, "hello");
        using var third = await ConnectAsync(nodes[0], "/ws");
        await SendAsync(first, "for all three");
        await ExpectAsync(third, "for all three");
        break;
    }

    case "history 1" or "history 2":
    {
        var text = step == "history 1" ? "hello" : "kept";
        using var first = await ConnectAsync(nodes[0], "/ws");
        await SendAsync(first, text);
        await ExpectAsync(first, text);
        using var second = await ConnectAsync(nodes[0], "/ws");
        await ExpectAsync(second, text);
        break;
    }

    case "history 3":
    {
        using var client = await ConnectAsync(nodes[0], "/ws");
        await ExpectAsync(client, "kept");
        break;
    }

    case "beyond 1":
        await http.GetStringAsync(new Uri(nodes[0], "/_content/ChatKit.AspNetCore/chatkit.js"), limit.Token);
        break;

    case "beyond 2":
    {
        using var ann = await ConnectAsync(nodes[0], "/chat/lobby", "ann");
        using var bob = await ConnectAsync(nodes[1], "/chat/lobby", "bob");
        await SendAsync(ann, """{"type":"message","data":"hello","ref":"1"}""");
        await ExpectAsync(bob, "\"from\":\"ann\"", "\"data\":\"hello\"");
        await SendAsync(bob, """{"type":"message","data":"hello, Ann","ref":"1"}""");
        await ExpectAsync(ann, "\"from\":\"bob\"", "\"data\":\"hello, Ann\"");
        break;
    }

    default:
        throw new InvalidOperationException($"The tutorial has a command that has no check: {step}.");
}

Console.WriteLine($"{step}: as the page says.");

async Task ExpectPageAsync()
{
    foreach (var node in nodes)
    {
        if (await http.GetStringAsync(node, limit.Token) != await File.ReadAllTextAsync("wwwroot/index.html", limit.Token))
            throw new InvalidOperationException($"{node} does not serve wwwroot/index.html.");
    }
}

async Task<ClientWebSocket> ConnectAsync(Uri node, string path, string? user = null)
{
    var client = new ClientWebSocket();
    if (user is not null)
    {
        client.Options.Cookies = new CookieContainer();
        using var browser = new HttpClient(new HttpClientHandler { CookieContainer = client.Options.Cookies });
        using var signedIn = await browser.PostAsync(new Uri(node, $"/sign-in?name={user}"), null, limit.Token);
        client.Options.AddSubProtocol("chatkit.v1");
    }

    await client.ConnectAsync(new UriBuilder(new Uri(node, path)) { Scheme = "ws" }.Uri, limit.Token);
    return client;
}

Task SendAsync(ClientWebSocket client, string text) =>
    client.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, limit.Token);

// Plain texts must be the next ones. Of frames, others come before.
async Task ExpectAsync(ClientWebSocket client, params string[] parts)
{
    while (true)
    {
        var buffer = new byte[8192];
        var received = await client.ReceiveAsync(buffer, limit.Token);
        var text = Encoding.UTF8.GetString(buffer, 0, received.Count);
        if (client.SubProtocol is null ? text == parts[0] : parts.All(text.Contains))
            return;
        if (client.SubProtocol is null || received.MessageType == WebSocketMessageType.Close)
            throw new InvalidOperationException($"Expected '{string.Join(' ', parts)}', received '{text}'.");
    }
}
