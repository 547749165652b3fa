using TeamChat;

// Two nodes and the proxy in front of them. In production, each of them is a process of its own, and so is Redis.
var builder = WebApplication.CreateBuilder(args);
builder.Logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("Yarp", LogLevel.Error);

using var garnet = builder.Configuration["redis"] is null ? new EmbeddedGarnet() : null;
var redis = builder.Configuration["redis"] ?? garnet!.Endpoint;
var secrets = new Secrets(); // What all nodes need to accept each other's cookies and tokens.
var accounts = new Accounts();
using var nodes = new Nodes(name => Node.Create(name, redis, secrets, accounts, builder.Environment));
builder.Services.AddHostedService(_ => nodes);
builder.AddProxy(nodes);

var app = builder.Build();
if (app.Environment.IsDevelopment())
    app.MapNodeSwitches(nodes);
app.MapReverseProxy();
await app.StartAsync();
Console.WriteLine($"Open {app.Urls.First()} in your browser. Ctrl+C ends the chat.");
foreach (var (name, address) in nodes.All)
    Console.WriteLine($"Node {name}: {address}");
Console.WriteLine($"History: in {(garnet is null ? $"Redis at {redis}" : "Garnet, in memory")}");
await app.WaitForShutdownAsync();
