using System.Net;
using System.Text;

namespace ChatKit.AspNetCore.Tests.Proxies;

/// <summary>Sends requests like a client behind a proxy: again, until there is a response that counts.</summary>
internal static class PatientHttp
{
    /// <summary>Sends a request again as long as the node is stopping or busy, or the proxy has not reached it.</summary>
    /// <param name="http">The client.</param>
    /// <param name="create">Creates the request.</param>
    /// <param name="completion">When the response counts as received.</param>
    /// <param name="onRepeat">Called before the request is sent again.</param>
    public static async Task<HttpResponseMessage> SendPatientlyAsync(
        this HttpClient http,
        Func<HttpRequestMessage> create,
        HttpCompletionOption completion = HttpCompletionOption.ResponseContentRead,
        Action? onRepeat = null)
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        while (true)
        {
            using var request = create();
            try
            {
                var response = await http.SendAsync(request, completion, limit.Token);
                if (response.StatusCode is not (HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout))
                    return response;
                response.Dispose();
            }
            catch (HttpRequestException)
            {
                // The proxy has broken it off.
            }

            onRepeat?.Invoke();
            await Task.Delay(TimeSpan.FromMilliseconds(20), limit.Token);
        }
    }

    /// <summary>A POST of JSON.</summary>
    public static HttpRequestMessage Post(Uri address, string json) =>
        new(HttpMethod.Post, address) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
}
