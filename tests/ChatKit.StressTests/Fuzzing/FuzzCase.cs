using System.IO.Compression;
using System.Text;
using ChatKit.StressTests.Serving;

namespace ChatKit.StressTests.Fuzzing;

/// <summary>The session of one client, valid or corrupted, which derives only from a seed.</summary>
internal sealed class FuzzCase
{
    /// <summary>A small number, so that the histories soon reach their full size.</summary>
    private const int Rooms = 4;

    /// <summary>A small number, so that some are repeated, and the server does not have to keep many.</summary>
    private const int Refs = 500;

    private const int MaxMessages = 12;

    private readonly Random _random;
    private readonly RandomFrames _frames;
    private readonly Spoiler _spoiler;

    public FuzzCase(int seed)
    {
        Seed = seed;
        _random = new Random(seed);
        _frames = new RandomFrames(seed);
        _spoiler = new Spoiler(_random, _frames);
        Kind = (FuzzKind)_random.Next(Enum.GetValues<FuzzKind>().Length);
        Spoilt = (FuzzSpoilt)_random.Next(Enum.GetValues<FuzzSpoilt>().Length);
        Hurries = _random.Next(4) == 0;
        Handshake = CreateHandshake();
        Stream = CreateStream();
    }

    public int Seed { get; }

    public FuzzKind Kind { get; }

    public FuzzSpoilt Spoilt { get; }

    /// <summary>Whether the client sends without waiting for the response to its handshake.</summary>
    public bool Hurries { get; }

    public byte[] Handshake { get; }

    /// <summary>The bytes after the handshake.</summary>
    public byte[] Stream { get; }

    /// <summary>The bytes in pieces, with the delay before each.</summary>
    public IEnumerable<(ReadOnlyMemory<byte> Piece, TimeSpan Wait)> Pieces()
    {
        for (var sent = 0; sent < Stream.Length;)
        {
            var size = Math.Min(_random.Next(8) == 0 ? 1 + _random.Next(8) : 1 + _random.Next(Stream.Length), Stream.Length - sent);
            yield return (Stream.AsMemory(sent, size), TimeSpan.FromMilliseconds(_random.Next(4) == 0 ? _random.Next(3) : 0));
            sent += size;
        }
    }

    public override string ToString() => $"case {Seed}: {Kind}, corrupted: {Spoilt}, {Handshake.Length} and {Stream.Length} bytes";

    private byte[] CreateHandshake()
    {
        string[] headers = Kind switch
        {
            FuzzKind.V1 => ["Sec-WebSocket-Protocol: chatkit.v1"],
            FuzzKind.Compressed => ["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"],
            _ => [],
        };
        var query = Kind == FuzzKind.V1 && _random.Next(2) == 0
            ? $"?after=fuzz0~{_random.Next(10)}:{_random.Next(1000)}&user={_random.Next(Rooms)}"
            : "";
        var request = Encoding.Latin1.GetBytes(RawClient.Handshake($"/chat/fuzz{_random.Next(Rooms)}{query}", headers: headers));
        return Spoilt == FuzzSpoilt.Handshake ? _spoiler.Spoil(request) : request;
    }

    private byte[] CreateStream()
    {
        // A corrupted handshake can name a new room, whose history would then remain.
        if (Spoilt == FuzzSpoilt.Handshake)
            return ClientFrame.Of(ClientFrame.Ping, "are you there?");

        var messages = _frames.Messages(_random.Next(1, MaxMessages)).Select(Dress).ToList();
        var stream = _frames.Stream(messages);
        if (_random.Next(2) == 0)
            stream = [.. stream, .. ClientFrame.CloseWith(1000, "bye")];
        return Spoilt == FuzzSpoilt.Frames ? _spoiler.Spoil(stream) : stream;
    }

    private (int Opcode, byte[] Payload) Dress((int Opcode, byte[] Payload) message)
    {
        var (opcode, payload) = Kind switch
        {
            FuzzKind.V1 => (ClientFrame.Text, Json(message.Opcode, message.Payload)),
            FuzzKind.Compressed => (message.Opcode | ClientFrame.Compressed, Deflate(message.Payload)),
            FuzzKind.Commands => (ClientFrame.Text, Command()),
            _ => message,
        };
        return (opcode, Spoilt == FuzzSpoilt.Payloads ? _spoiler.Spoil(payload) : payload);
    }

    private byte[] Json(int opcode, byte[] payload) => _random.Next(16) switch
    {
        0 => "{\"type\":\"pong\"}"u8.ToArray(),
        1 => Encoding.UTF8.GetBytes($"{{\"type\":\"later\",\"data\":{new string('[', 40)}{new string(']', 40)}}}"),
        2 => Encoding.UTF8.GetBytes($"{{\"type\":\"join\",\"ref\":\"j\",\"room\":\"{_random.Next(Rooms)}\",\"after\":\"e:{_random.Next(100)}\"}}"),
        3 => Encoding.UTF8.GetBytes($"{{\"type\":\"leave\",\"room\":\"{_random.Next(Rooms)}\"}}"),
        4 => Encoding.UTF8.GetBytes($"{{\"type\":\"message\",\"room\":\"{_random.Next(Rooms)}\",\"data\":\"hi\"}}"),
        5 => Encoding.UTF8.GetBytes($"{{\"type\":\"signal\",\"room\":\"{_random.Next(Rooms)}\",\"name\":\"s{_random.Next(3)}\",\"data\":\"{_random.Next()}\"}}"),
        6 => Encoding.UTF8.GetBytes($"{{\"type\":\"read\",\"room\":\"fuzz{_random.Next(Rooms)}\",\"position\":\"e:{_random.Next(100)}\"}}"),
        7 => Encoding.UTF8.GetBytes($"{{\"type\":\"edit\",\"ref\":\"r{_random.Next(Refs)}\",\"position\":\"e:{_random.Next(100)}\",\"data\":\"hi\"}}"),
        8 => Encoding.UTF8.GetBytes($"{{\"type\":\"delete\",\"room\":\"fuzz{_random.Next(Rooms)}\",\"position\":\"e:{_random.Next(100)}\"}}"),
        9 => Encoding.UTF8.GetBytes($"{{\"type\":\"history\",\"ref\":\"h\",\"before\":\"e:{_random.Next(100)}\",\"limit\":{_random.Next(60)}}}"),
        10 => Encoding.UTF8.GetBytes($"{{\"type\":\"message\",\"json\":{{\"a\":{Nested(_random.Next(1, 70))},\"b\":[{_random.Next()},null]}}}}"),
        _ when opcode == ClientFrame.Binary || payload.Length > 1000 =>
            Encoding.UTF8.GetBytes($"{{\"type\":\"message\",\"ref\":\"r{_random.Next(Refs)}\",\"base64\":\"{Convert.ToBase64String(payload.AsSpan(0, Math.Min(payload.Length, 1000)))}\"}}"),
        _ => Encoding.UTF8.GetBytes($"{{\"data\":\"{_random.Next()} \\u20ac\",\"type\":\"message\"}}"),
    };

    private static string Nested(int levels) => new string('[', levels) + new string(']', levels);

    private byte[] Command()
    {
        string[] commands =
        [
            $"{StressHandler.Join}fuzz{_random.Next(Rooms)}", $"{StressHandler.Join}{new string('r', _random.Next(400))}",
            $"{StressHandler.Leave}fuzz{_random.Next(Rooms)}", $"{StressHandler.Echo}{_random.Next()}", StressHandler.Close, "/",
        ];
        return Encoding.UTF8.GetBytes(commands[_random.Next(commands.Length)]);
    }

    private static byte[] Deflate(byte[] payload)
    {
        // The platform compresses an empty payload to nothing (RFC 7692 section 7.2.3.6).
        if (payload.Length == 0)
            return [0];

        using var compressed = new MemoryStream();
        using (var deflate = new DeflateStream(compressed, CompressionLevel.Fastest))
            deflate.Write(payload);
        return compressed.ToArray();
    }
}

/// <summary>The kind of messages that the client sends.</summary>
internal enum FuzzKind
{
    /// <summary>Texts and bytes.</summary>
    Plain,

    /// <summary>The protocol chatkit.v1.</summary>
    V1,

    /// <summary>Compressed texts and bytes.</summary>
    Compressed,

    /// <summary>Texts that are commands to the handler.</summary>
    Commands,
}

/// <summary>The corrupted part of a session.</summary>
internal enum FuzzSpoilt
{
    Nothing,

    Handshake,

    /// <summary>Anything after the handshake, mainly frame headers.</summary>
    Frames,

    /// <summary>The payloads of frames, which themselves are valid.</summary>
    Payloads,
}
