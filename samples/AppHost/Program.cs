using System.Globalization;

// Two nodes of the chat room as processes, Garnet in place of Redis, and the dashboard of Aspire with their metrics, traces and logs.
var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions
{
    Args = args,
    DisableDashboard = args.Contains("--no-dashboard"),
});
var port = int.Parse(builder.Configuration["port"] ?? "8001", CultureInfo.InvariantCulture);
var redis = builder.Configuration["redis"] ?? AddGarnet();

foreach (var name in new[] { "node-a", "node-b" })
{
    var node = builder.AddProject<Projects.ChatRoom>(name)
        .WithArgs("--port", $"{port}", "--redis", redis)
        .WithHttpEndpoint(port++, isProxied: false)
        .WithHttpHealthCheck("/health/ready");
    if (builder.Configuration["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] is { } otlp)
        node.WithArgs("--otlp", otlp);
}

builder.Build().Run();

// Garnet is a .NET tool, so it needs no container. The nodes connect to it as soon as it listens. ChatKit needs both --lua switches.
object AddGarnet()
{
    var garnet = builder.AddExecutable("garnet", "dotnet", ".", "tool", "exec", "garnet-server", "--yes", "--").WithEndpoint(name: "tcp", scheme: "tcp");
    var endpoint = garnet.GetEndpoint("tcp");
    garnet.WithArgs("--bind", "127.0.0.1", "--port", endpoint.Property(EndpointProperty.TargetPort), "--lua", "--lua-transaction-mode");
    return endpoint.Property(EndpointProperty.HostAndPort);
}
