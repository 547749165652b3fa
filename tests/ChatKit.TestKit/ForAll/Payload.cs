namespace ChatKit.TestKit.ForAll;

/// <summary>Bytes of any length, often at the boundaries where the encoding of a length changes.</summary>
public sealed record Payload(byte[] Bytes)
{
    public override string ToString() => $"{Bytes.Length} bytes {Convert.ToHexString(Bytes.AsSpan(0, Math.Min(Bytes.Length, 200)))}";
}
