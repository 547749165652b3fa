using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Serialization.Metadata;
using ChatKit.Monitor.Endpoints;
using ChatKit.Monitor.Reports;
using ChatRoom;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Testing;

namespace ChatKit.Monitor.Tests;

/// <summary>A node on a real Kestrel, with the handler of the sample at /chat/{room} and the operators' page at /ops.</summary>
internal sealed class MonitoredNode : IAsyncDisposable
{
    public const string Policy = "Operators";

    private readonly WebApplication _app;

    private MonitoredNode(WebApplication app)
    {
        _app = app;
        Address = new Uri(app.Urls.Single());
        Operator = new HttpClient { BaseAddress = new Uri(Address, "/ops/") };
        foreach (var (name, value) in OperatorHeaders)
            Operator.DefaultRequestHeaders.Add(name, value);
    }

    /// <summary>What an operator's browser sends.</summary>
    public static IReadOnlyDictionary<string, string> OperatorHeaders { get; } =
        new Dictionary<string, string> { ["User"] = "olga", ["Operator"] = "yes" };

    public Uri Address { get; }

    /// <summary>An operator at the page of this node.</summary>
    public HttpClient Operator { get; }

    public IServiceProvider Services => _app.Services;

    public FakeLogCollector Logs => _app.Services.GetFakeLogCollector();

    public static async Task<MonitoredNode> StartAsync(
        string name = "one", RedisServer? redis = null, string? prefix = null, Action<IServiceCollection>? build = null)
    {
        var builder = CreateBuilder();
        var chatKit = builder.Services.AddChatKit().AddMonitor(options => options.NodeName = name);
        if (redis is not null)
            chatKit.AddRedis(options => (options.Configuration, options.KeyPrefix) = (redis.Configuration, prefix!));
        build?.Invoke(builder.Services);
        var app = builder.Build();
        app.MapWebSocketHandler<ChatHandler>("/chat/{room}", static options =>
        {
            options.AllowClientJoins = true;
            options.TrackPresence = true;
        });
        app.MapChatKitMonitor("/ops", Policy);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new MonitoredNode(app);
    }

    /// <summary>A builder of an application that knows operators, on a free loopback port.</summary>
    public static WebApplicationBuilder CreateBuilder()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Debug).AddFakeLogging();
        builder.Services.AddAuthentication(TestAuthentication.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, TestAuthentication>(TestAuthentication.SchemeName, null);
        builder.Services.AddAuthorizationBuilder().AddPolicy(Policy, static policy => policy.RequireRole("operator"));
        return builder;
    }

    public Task<Visitor> VisitAsync(string? user, string room) => Visitor.ConnectAsync(Address, user, room);

    public async Task<Overview> OverviewAsync(string? text = null) =>
        await GetAsync($"overview?text={Uri.EscapeDataString(text ?? "")}", ReportJson.Default.Overview);

    /// <summary>Asks for the overview until it is as expected. The nodes measure at most once a second.</summary>
    public async Task<Overview> OverviewAsync(Func<Overview, bool> isExpected, string expectation, string? text = null)
    {
        Overview overview = null!;
        await Patience.UntilAsync(async () => isExpected(overview = await OverviewAsync(text)), expectation);
        return overview;
    }

    public async Task<RoomView> RoomAsync(string name, string? before = null)
    {
        var address = $"room?name={Uri.EscapeDataString(name)}{(before is null ? "" : $"&before={before}")}";
        return await GetAsync(address, ReportJson.Default.RoomView);
    }

    /// <summary>Sends a request as the page does.</summary>
    public Task<HttpResponseMessage> GetAsync(string address)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Add(SameOrigin.Header, "1");
        return Operator.SendAsync(request, TestContext.Current.CancellationToken).Soon();
    }

    private async Task<T> GetAsync<T>(string address, JsonTypeInfo<T> type)
    {
        using var response = await GetAsync(address);
        return (await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync(type, TestContext.Current.CancellationToken))!;
    }

    /// <summary>Sends a command as the page does.</summary>
    public async Task<(HttpStatusCode Status, Outcome Outcome)> CommandAsync(string name, object body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, name) { Content = JsonContent.Create(body) };
        request.Headers.Add(SameOrigin.Header, "1");
        using var response = await Operator.SendAsync(request, TestContext.Current.CancellationToken).Soon();
        var outcome = await response.Content.ReadFromJsonAsync(ReportJson.Default.Outcome, TestContext.Current.CancellationToken);
        return (response.StatusCode, outcome!);
    }

    /// <summary>The log lines with an event id.</summary>
    public IEnumerable<string> LogOf(int id) => Logs.GetSnapshot().Where(record => record.Id.Id == id).Select(static record => record.Message);

    public async ValueTask DisposeAsync()
    {
        Operator.Dispose();
        await _app.DisposeAsync();
    }
}
