// Sends a message to a chat room and expects it back; then a second client, who came too late for it, must be given it too.
// Run with: dotnet run exchange.cs -- ws://127.0.0.1:5000/chat/lobby. If the room needs a sign-in, add where: http://127.0.0.1:5000/login
#:property PublishAot=false

using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text;

using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
var room = new Uri(args[0]);
var cookies = new CookieContainer();
if (args.Length > 1)
    await SignInAsync();

using var first = await ConnectAsync();
await first.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, limit.Token);
await ExpectAsync(first);
using var second = await ConnectAsync();
await ExpectAsync(second);
Console.WriteLine($"{room} has answered, and it remembers.");

async Task<ClientWebSocket> ConnectAsync()
{
    var client = new ClientWebSocket { Options = { Cookies = cookies } };
    await client.ConnectAsync(room, limit.Token);
    return client;
}

async Task SignInAsync()
{
    using (var stranger = new ClientWebSocket())
    {
        try
        {
            await stranger.ConnectAsync(room, limit.Token);
            throw new InvalidOperationException($"{room} has let in who is not signed in.");
        }
        catch (WebSocketException) when (stranger.HttpStatusCode is 0 or HttpStatusCode.Unauthorized)
        {
        }
    }

    using var http = new HttpClient(new HttpClientHandler { CookieContainer = cookies });
    using var body = new StringContent("""{"name":"Ann"}""", MediaTypeHeaderValue.Parse("application/json"));
    using var response = await http.PostAsync(new Uri(args[1]), body, limit.Token);
    response.EnsureSuccessStatusCode();
}

async Task ExpectAsync(ClientWebSocket client)
{
    var buffer = new byte[1024];
    var received = await client.ReceiveAsync(buffer, limit.Token);
    var text = Encoding.UTF8.GetString(buffer, 0, received.Count);
    if (text != "hello")
        throw new InvalidOperationException($"Expected 'hello', received '{text}'.");
}
