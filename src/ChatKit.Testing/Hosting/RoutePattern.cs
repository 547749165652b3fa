namespace ChatKit.Testing.Hosting;

/// <summary>A route such as <c>/chat/{room}</c>: literal segments, and segments that are parameters.</summary>
internal sealed class RoutePattern
{
    private static readonly StringComparison IgnoreCase = StringComparison.OrdinalIgnoreCase;

    private readonly string _text;
    private readonly string[] _segments;

    public RoutePattern(string text)
    {
        (_text, _segments) = (text, Split(text));
        foreach (var segment in _segments.Where(static segment => segment.AsSpan().ContainsAny('{', '}') && ParameterOf(segment) is null))
        {
            throw new ArgumentException(
                $"The segment '{segment}' of '{text}' is not supported. A segment is a literal, or a parameter such as '{{room}}'.", nameof(text));
        }
    }

    /// <summary>The values of the parameters; null if the path doesn't match.</summary>
    public IReadOnlyDictionary<string, object?>? Match(string path)
    {
        var parts = Split(path);
        if (parts.Length != _segments.Length)
            return null;
        var values = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (segment, part) in _segments.Zip(parts))
        {
            if (ParameterOf(segment) is { } name)
                values[name] = Uri.UnescapeDataString(part);
            else if (!segment.Equals(part, IgnoreCase))
                return null;
        }

        return values;
    }

    /// <summary>The name of the home room: the parameter <c>room</c>, or else the pattern.</summary>
    public string HomeRoom(IReadOnlyDictionary<string, object?> values) =>
        values.TryGetValue("room", out var room) ? (string)room! : _text.Length == 0 ? "/" : _text;

    public override string ToString() => _text;

    private static string[] Split(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries);

    private static string? ParameterOf(string segment) =>
        segment is ['{', .. var name, '}'] && name.Length > 0 && name.All(static c => char.IsAsciiLetterOrDigit(c) || c == '_') ? name : null;
}
