namespace ChatKit.Snippets;

/// <summary>What docs/how-to/monitor.md shows.</summary>
internal static class Monitoring
{
    public static void Add(WebApplicationBuilder builder)
    {
        builder.Services.AddChatKit().AddMonitor();
        builder.Services.AddAuthorizationBuilder().AddPolicy("Operators", policy => policy.RequireRole("operator"));
    }

    public static void Map(WebApplication app)
    {
        app.MapChatKitMonitor("/ops", "Operators");
    }

    public static void NameNode(WebApplicationBuilder builder)
    {
        builder.Services.AddChatKit().AddMonitor(options => options.NodeName = "eu-west-1");
    }

    public static void MapForOneHost(WebApplication app)
    {
        app.MapChatKitMonitor("/ops", "Operators").RequireHost("ops.internal.example");
    }

    public static void MapOwn(WebApplication app)
    {
        app.MapGet("/busiest", (INodeInspector node) => node.GetRooms().MaxBy(room => room.Members)).RequireAuthorization("Operators");
    }
}
