namespace ChatKit.TestKit.ForAll;

/// <summary>Bytes in any number; often as many as change how a length is written.</summary>
public sealed record Payload(byte[] Bytes)
{
    public override string ToString() => $"{Bytes.Length} bytes {Convert.ToHexString(Bytes.AsSpan(0, Math.Min(Bytes.Length, 200)))}";
}
