namespace ChatKit.TestKit;

/// <summary>How Garnet runs scripts.</summary>
public enum GarnetScripts
{
    /// <summary>Each script is one transaction, as ChatKit requires.</summary>
    Atomic,

    /// <summary>Other commands can run in the middle of a script. This is the default of Garnet.</summary>
    NotAtomic,

    /// <summary>Garnet runs no scripts.</summary>
    Disabled,
}
