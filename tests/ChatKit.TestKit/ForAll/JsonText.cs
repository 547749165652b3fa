namespace ChatKit.TestKit.ForAll;

/// <summary>JSON, or corrupted JSON, often with the members of a client's frame.</summary>
public sealed record JsonText(string Value)
{
    public override string ToString() => Value;
}
