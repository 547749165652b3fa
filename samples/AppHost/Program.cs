using System.Globalization;

// Two nodes of the chat room as processes, Garnet in place of Redis, and the dashboard of Aspire with their metrics, traces and logs.
var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions
{
    Args = args,
    DisableDashboard = args.Contains("--no-dashboard"),
});
var port = int.Parse(builder.Configuration["port"] ?? "8001", CultureInfo.InvariantCulture);

// Garnet is a .NET tool, so it needs no container. ChatKit needs both --lua switches.
var redis = builder.AddExecutable("redis", "dotnet", ".", "tool", "exec", "garnet-server", "--yes", "--").WithEndpoint(name: "tcp", scheme: "tcp");
redis.WithArgs("--bind", "127.0.0.1", "--port", redis.GetEndpoint("tcp").Property(EndpointProperty.TargetPort), "--lua", "--lua-transaction-mode");

foreach (var name in new[] { "node-a", "node-b" })
{
    var node = builder.AddProject<Projects.ChatRoom>(name)
        .WithArgs("--port", $"{port}", "--redis", redis.GetEndpoint("tcp").Property(EndpointProperty.HostAndPort))
        .WithHttpEndpoint(port++, isProxied: false)
        .WithHttpHealthCheck("/health/ready")
        .WaitForStart(redis);
    if (builder.Configuration["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] is { } otlp)
        node.WithArgs("--otlp", otlp);
}

builder.Build().Run();
