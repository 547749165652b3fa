using System.Net;
using System.Net.Http.Json;
using ChatKit.Monitor.Endpoints;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.Monitor.Tests;

/// <summary>Who may use the page, and from where.</summary>
public class AccessTests
{
    private static readonly string[] Commands = ["close", "disconnect", "delete"];

    [Fact]
    public async Task Every_endpoint_refuses_a_user_who_is_not_an_operator()
    {
        await using var node = await MonitoredNode.StartAsync();
        using var client = new HttpClient { BaseAddress = node.Address };
        var endpoints = node.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(static endpoint => endpoint.RoutePattern.RawText!.StartsWith("/ops", StringComparison.Ordinal))
            .Select(static endpoint => (
                new HttpMethod(endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods.Single()), endpoint.RoutePattern.RawText!))
            .ToList();

        Assert.Equal(9, endpoints.Count);
        foreach (var (method, path) in endpoints)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(client, method, path));
            Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(client, method, path, ("User", "ann")));
            var status = await StatusAsync(client, method, path, ("User", "olga"), ("Operator", "yes"), (SameOrigin.Header, "1"));
            Assert.True(status is HttpStatusCode.OK or HttpStatusCode.BadRequest, $"{method} {path}: {status}");
        }
    }

    [Fact]
    public async Task AllowAnonymous_has_no_effect()
    {
        var builder = MonitoredNode.CreateBuilder();
        builder.Services.AddChatKit().AddMonitor();
        await using var app = builder.Build();
        app.MapGroup("/open").AllowAnonymous().MapChatKitMonitor("/ops", MonitoredNode.Policy).AllowAnonymous();
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(client, HttpMethod.Get, "/open/ops/"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(client, HttpMethod.Get, "/open/ops/overview"));
    }

    [Fact]
    public async Task A_browser_is_sent_to_the_login_from_the_page_only()
    {
        var builder = MonitoredNode.CreateBuilder();
        builder.Services.AddChatKit().AddMonitor();
        builder.Services.AddAuthentication("cookies").AddCookie("cookies", static options => options.LoginPath = "/login");
        await using var app = builder.Build();
        app.MapChatKitMonitor("/ops", MonitoredNode.Policy);
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var handler = new HttpClientHandler { AllowAutoRedirect = false };
        using var client = new HttpClient(handler) { BaseAddress = new Uri(app.Urls.Single()) };

        Assert.Equal(HttpStatusCode.Found, await StatusAsync(client, HttpMethod.Get, "/ops"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(client, HttpMethod.Get, "/ops/overview"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(client, HttpMethod.Post, "/ops/close"));
    }

    [Fact]
    public async Task A_command_that_the_page_has_not_sent_is_refused_and_logged()
    {
        await using var node = await MonitoredNode.StartAsync();
        foreach (var command in Commands)
        {
            Assert.Equal(HttpStatusCode.Forbidden, await PostAsync(node, command));
            Assert.Equal(HttpStatusCode.Forbidden, await PostAsync(node, command, (SameOrigin.Header, "1"), ("Sec-Fetch-Site", "same-site")));
            Assert.Equal(HttpStatusCode.Forbidden, await PostAsync(node, command, (SameOrigin.Header, "1"), ("Origin", "https://evil.example")));
            Assert.Equal(HttpStatusCode.Forbidden, await PostAsync(node, command, (SameOrigin.Header, "1"), ("Origin", "null")));
            Assert.Equal(HttpStatusCode.BadRequest, await PostAsync(node, command, (SameOrigin.Header, "1"), ("Sec-Fetch-Site", "same-origin")));
            Assert.Equal(
                HttpStatusCode.BadRequest,
                await PostAsync(node, command, (SameOrigin.Header, "1"), ("Origin", node.Address.GetLeftPart(UriPartial.Authority))));
        }

        Assert.Equal(4 * Commands.Length, node.LogOf(503).Count());
        Assert.Contains("https://evil.example, the user olga.", string.Concat(node.LogOf(503)));
    }

    [Theory]
    [InlineData("close", "{}")]
    [InlineData("close", "[1]")]
    [InlineData("close", "not JSON")]
    [InlineData("close", "null")]
    [InlineData("disconnect", """{"user":""}""")]
    [InlineData("delete", """{"room":"","position":"a:1"}""")]
    [InlineData("delete", """{"room":"lobby","position":"first"}""")]
    [InlineData("disconnect", """{"user":"ann","reason":"ääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääää"}""")]
    public async Task A_command_that_cannot_be_read_is_a_bad_request(string command, string body)
    {
        await using var node = await MonitoredNode.StartAsync();
        using var content = new StringContent(body, new System.Net.Http.Headers.MediaTypeHeaderValue("application/json"));
        content.Headers.Add(SameOrigin.Header, "1");

        using var response = await node.Operator.PostAsync(new Uri(command, UriKind.Relative), content, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Theory]
    [InlineData("overview")]
    [InlineData("room?name=lobby")]
    public async Task What_operators_read_is_for_the_page_only(string address)
    {
        await using var node = await MonitoredNode.StartAsync();

        using var foreign = await node.Operator.GetAsync(new Uri(address, UriKind.Relative), TestContext.Current.CancellationToken);
        using var own = await node.GetAsync(address);

        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.OK), (foreign.StatusCode, own.StatusCode));
    }

    [Fact]
    public async Task A_command_in_an_encoding_that_does_not_exist_is_a_bad_request()
    {
        await using var node = await MonitoredNode.StartAsync();
        using var content = new ByteArrayContent("{}"u8.ToArray());
        content.Headers.TryAddWithoutValidation("Content-Type", "application/json; charset=none");
        content.Headers.Add(SameOrigin.Header, "1");

        using var response = await node.Operator.PostAsync(new Uri("close", UriKind.Relative), content, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Theory]
    [InlineData("room?name=%01user%3Aann")]
    [InlineData("room?name=")]
    [InlineData("room?name=lobby&before=first")]
    public async Task A_room_that_cannot_exist_is_a_bad_request(string address)
    {
        await using var node = await MonitoredNode.StartAsync();

        using var response = await node.GetAsync(address);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task The_page_may_not_be_framed_or_kept_and_runs_only_its_own_script()
    {
        await using var node = await MonitoredNode.StartAsync();

        foreach (var path in (string[])["", "monitor.js", "monitor.css", "monitor.svg", "overview", "room?name=lobby"])
        {
            using var response = await node.Operator.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
            var policy = response.Headers.GetValues("Content-Security-Policy").Single();
            Assert.Contains("default-src 'none'; script-src 'self'", policy);
            Assert.Contains("frame-ancestors 'none'", policy);
            Assert.True(response.Headers.CacheControl!.NoStore);
        }
    }

    [Fact]
    public async Task The_address_without_a_slash_leads_to_the_page()
    {
        await using var node = await MonitoredNode.StartAsync();

        using var response = await node.Operator.GetAsync(new Uri("/ops?x=1", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal("/ops/", response.RequestMessage!.RequestUri!.AbsolutePath);
        Assert.Contains("<title>ChatKit monitor</title>", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static async Task<HttpStatusCode> PostAsync(MonitoredNode node, string command, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, command) { Content = JsonContent.Create(new { }) };
        foreach (var (name, value) in headers)
            request.Headers.Add(name, value);
        using var response = await node.Operator.SendAsync(request, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }

    private static async Task<HttpStatusCode> StatusAsync(
        HttpClient client, HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        foreach (var (name, value) in headers)
            request.Headers.Add(name, value);
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }
}
