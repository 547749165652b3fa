namespace ChatKit.Snippets;

internal static class Kubernetes
{
    public static void Configure(WebApplicationBuilder builder)
    {
        builder.Services.AddChatKit(options => builder.Configuration.GetSection("ChatKit").Bind(options))
            .AddRedis(builder.Configuration.GetConnectionString("Redis")!);
        builder.Services.AddHealthChecks().AddChatKit(tags: ["ready"]);
    }
}
