using System.Diagnostics;
using ChatKit.AspNetCore.Endpoints;
using ChatKit.TestKit.ForAll;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;

namespace ChatKit.AspNetCore.Tests.Endpoints;

/// <summary>Property tests of the content of a handshake.</summary>
public class HandshakePropertyTests
{
    private static readonly string[] Names =
        ["server_no_context_takeover", "client_no_context_takeover", "server_max_window_bits", "client_max_window_bits", "unknown", ""];

    private static readonly string?[] Values = [null, "7", "8", "9", "12", "15", "16", "\"15\"", "\"", "", "015", "x", " 9 "];

    private static readonly string[] Pieces = ["a", "permessage-deflate", ";", "=", ",", "\"", "\\", " ", "\t", "15", "(", "é", "\"a\"", "; b=c"];

    /// <summary>One parameter of an offer.</summary>
    public sealed record Parameter(byte Name, byte Value)
    {
        public string Key => Names[Name % Names.Length];

        public string? Setting => Values[Value % Values.Length];

        public override string ToString() => Setting is null ? Key : $"{Key}={Setting}";
    }

    /// <summary>RFC 7692 section 7.1: the answer contains only what the offer allows.</summary>
    [ForAll]
    public void The_answer_is_valid_for_one_of_the_offers(Parameter[][] offers)
    {
        string[] texts = [.. offers.Select(static offer => string.Concat(offer.Select(static p => $"; {p}").Prepend("permessage-deflate")))];

        var answer = DeflateNegotiation.Answer(texts)?.Header;

        if (answer is null)
        {
            Assert.DoesNotContain(offers, static offer => offer.Length == 0);
            return;
        }

        var parts = answer.Split("; ");
        Assert.Equal(["permessage-deflate", "server_no_context_takeover", "client_no_context_takeover"], parts[..3]);
        Assert.Equal(parts.Length, parts.Select(static part => part.Split('=')[0]).Distinct().Count());
        Assert.Contains(offers, offer => IsLegal(offer, parts[3..]));
    }

    [ForAll]
    public void Any_offer_is_answered_or_declined(AnyText text, byte[] choices)
    {
        foreach (var offer in new[] { text.Value, $"permessage-deflate;{text.Value}", $"permessage-deflate; client_max_window_bits={text.Value}", Chosen(choices) })
        {
            var answer = DeflateNegotiation.Answer([offer])?.Header;
            Assert.True(answer is null || answer.StartsWith("permessage-deflate; server_no", StringComparison.Ordinal));
        }
    }

    /// <summary>Compares with a parser that follows the grammar of RFC 6455 section 9.1 step by step.</summary>
    [ForAll]
    public void The_parser_accepts_valid_lists_of_extensions_and_nothing_else(AnyText text, byte[] choices)
    {
        foreach (var header in new[] { Chosen(choices), text.Value })
            Assert.Equal(IsList(header), Handshake.Problem(Request(header)) is null);
    }

    [Theory]
    [InlineData("a", "(")]
    [InlineData(" ", "(")]
    [InlineData(", ", "(")]
    [InlineData("a,", "(")]
    [InlineData("a; ", "(")]
    [InlineData("a;b=\"c\" , ", "(")]
    [InlineData("a;b=\"\\c\\c", "(")]
    public void A_long_header_is_refused_at_once(string repeated, string end)
    {
        var header = string.Concat(Enumerable.Repeat(repeated, 32 * 1024 / repeated.Length)) + end;
        var watch = Stopwatch.StartNew();

        Assert.NotNull(Handshake.Problem(Request(header)));

        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(2));
    }

    [ForAll]
    public void A_query_can_contain_any_positions(AnyText[] names, FsCheck.PositiveInt sequence)
    {
        var rooms = names.Select(static name => name.Value).Where(static name => RoomName.IsValid(name, out _)).Distinct().Take(128).ToList();
        var query = string.Join("&", rooms.Select(room => $"after={Uri.EscapeDataString($"{room}~5k2j9:{sequence.Get}")}"));

        Assert.True(ResumePositions.TryRead(Query(query), out var positions, out var problem), problem);

        Assert.Equal(rooms.Order(StringComparer.Ordinal), positions.Keys.Order(StringComparer.Ordinal));
        Assert.All(positions.Values, position => Assert.Equal(new MessagePosition("5k2j9", sequence.Get), position));
    }

    [ForAll]
    public void Any_query_is_accepted_or_refused_with_a_reason(AnyText[] texts, bool escaped)
    {
        var query = string.Join("&", texts.Select(text => $"after={(escaped ? Uri.EscapeDataString(text.Unicode) : text.Value)}~e:1"));

        var read = ResumePositions.TryRead(Query(query), out var positions, out var problem);

        Assert.Equal(read, string.IsNullOrEmpty(problem));
        if (read)
            Assert.All(positions, static after => Assert.True(RoomName.IsValid(after.Key, out _) && after.Value != MessagePosition.None));
    }

    private static bool IsLegal(Parameter[] offer, string[] confirmed)
    {
        if (offer.Select(static p => p.Key).Distinct().Count() < offer.Length)
            return false;
        foreach (var parameter in offer)
        {
            var window = parameter.Setting?.Trim() is { } setting && int.TryParse(setting.Trim('"'), out var bits) && setting != "015" ? bits : 0;
            var isMet = parameter.Key switch
            {
                "server_no_context_takeover" or "client_no_context_takeover" => parameter.Setting is null,
                "server_max_window_bits" => window is >= 8 and <= 15 && confirmed.Contains($"server_max_window_bits={window}"),
                "client_max_window_bits" => parameter.Setting is null || (window is >= 8 and <= 15 && confirmed.Contains($"client_max_window_bits={window}")),
                _ => false,
            };
            if (!isMet)
                return false;
        }

        // The result contains only what was requested.
        return confirmed.All(c => offer.Any(p => p.Setting is not null && c.StartsWith(p.Key + "=", StringComparison.Ordinal)));
    }

    private static string Chosen(byte[] choices) => string.Concat(choices.Select(static choice => Pieces[choice % Pieces.Length]));

    private static DefaultHttpContext Request(string extensions)
    {
        var context = new DefaultHttpContext();
        context.Request.Method = "GET";
        context.Request.Protocol = "HTTP/1.1";
        context.Request.Headers.Upgrade = "websocket";
        context.Request.Headers.Connection = "Upgrade";
        context.Request.Headers.SecWebSocketVersion = "13";
        context.Request.Headers.SecWebSocketKey = "dGhlIHNhbXBsZSBub25jZQ==";
        context.Request.Headers.SecWebSocketExtensions = new StringValues(extensions);
        return context;
    }

    private static QueryCollection Query(string query) => new(QueryHelpers.ParseQuery(query));

    private static bool IsList(string header) => Split(header, ',') is { } extensions && extensions.All(IsExtension);

    /// <summary>An element is empty, or a token and parameters.</summary>
    private static bool IsExtension(string text)
    {
        if (Trim(text).Length == 0)
            return true;
        var parts = Split(text, ';')!;
        return IsToken(Trim(parts[0])) && parts.Skip(1).All(IsParameter);
    }

    private static bool IsParameter(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0)
            return IsToken(Trim(text));
        var value = Trim(text[(equals + 1)..]);
        return IsToken(Trim(text[..equals])) && IsToken(value is ['"', .. var quoted, '"'] ? Unescape(quoted) : value);
    }

    /// <summary>Splits at each separator outside quotes. Returns null if a quote is not closed.</summary>
    private static List<string>? Split(string text, char separator)
    {
        var (parts, begin, quoted) = (new List<string>(), 0, false);
        for (var i = 0; i < text.Length; i++)
        {
            if (quoted && text[i] == '\\')
                i++;
            else if (text[i] == '"')
                quoted = !quoted;
            else if (text[i] == separator && !quoted)
                (parts, begin) = ([.. parts, text[begin..i]], i + 1);
        }

        return quoted ? null : [.. parts, text[begin..]];
    }

    private static string Unescape(string quoted)
    {
        var text = "";
        for (var i = 0; i < quoted.Length; i++)
        {
            if (quoted[i] == '\\' && ++i == quoted.Length)
                return "";
            text += quoted[i];
        }

        return text;
    }

    private static string Trim(string text) => text.Trim(' ', '\t');

    private static bool IsToken(string text) => text.Length > 0 && text.All(static c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal));
}
