namespace ChatKit.TestKit;

/// <summary>How Garnet runs scripts.</summary>
public enum GarnetScripts
{
    /// <summary>Each as one transaction, as ChatKit requires.</summary>
    Atomic,

    /// <summary>So that other commands run in between: what Garnet does unless told otherwise.</summary>
    NotAtomic,

    /// <summary>Not at all.</summary>
    Disabled,
}
