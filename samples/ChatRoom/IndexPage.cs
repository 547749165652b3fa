using Microsoft.AspNetCore.StaticAssets;

namespace ChatRoom;

/// <summary>The page. It is plain HTML, because a view engine adds antiforgery, whose key ring logs a warning on the first start.</summary>
internal static class IndexPage
{
    /// <summary>Maps the page to "/". Call it after MapStaticAssets, which maps the files.</summary>
    public static void MapIndexPage(this WebApplication app)
    {
        var html = NameFilesByContent(Read(), app);
        app.MapMethods("/", [HttpMethods.Get, HttpMethods.Head], () => Results.Content(html, "text/html; charset=utf-8"));
    }

    private static string Read()
    {
        using var stream = typeof(IndexPage).Assembly.GetManifestResourceStream("IndexPage.html")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>Replaces "chat.css" with "chat.s88xdlnlme.css", and so on. A file with such a name can be cached forever.</summary>
    private static string NameFilesByContent(string html, IEndpointRouteBuilder app)
    {
        foreach (var endpoint in app.DataSources.SelectMany(source => source.Endpoints))
        {
            var file = endpoint.Metadata.GetMetadata<StaticAssetDescriptor>();
            if (file?.Properties.FirstOrDefault(property => property.Name == "label") is { } label)
                html = html.Replace($"\"{label.Value}\"", $"\"{file.Route}\"");
        }

        return html;
    }
}
