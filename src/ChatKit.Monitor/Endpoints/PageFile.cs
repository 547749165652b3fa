using Microsoft.AspNetCore.Http;

namespace ChatKit.Monitor.Endpoints;

/// <summary>A file of the page, which the assembly contains.</summary>
internal sealed class PageFile(string name, string type)
{
    private readonly byte[] _content = Read(name);

    public Task WriteAsync(HttpContext context)
    {
        context.Response.ContentType = type;
        context.Response.ContentLength = _content.Length;
        return context.Response.Body.WriteAsync(_content, context.RequestAborted).AsTask();
    }

    private static byte[] Read(string name)
    {
        using var resource = typeof(PageFile).Assembly.GetManifestResourceStream(name)!;
        var content = new byte[resource.Length];
        resource.ReadExactly(content);
        return content;
    }
}
