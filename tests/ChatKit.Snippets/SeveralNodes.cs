namespace ChatKit.Snippets;

internal static class SeveralNodes
{
    public static void Share(WebApplicationBuilder builder)
    {
        builder.Services.AddChatKit().AddRedis(new RedisOptions { Configuration = builder.Configuration["Redis"], KeyPrefix = "support:" });
    }
}
