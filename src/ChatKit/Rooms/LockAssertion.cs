using System.Diagnostics;

namespace ChatKit.Rooms;

internal static class LockAssertion
{
    /// <summary>Checks, in debug builds, that the caller holds the lock.</summary>
    [Conditional("DEBUG")]
    public static void AssertHeld(this Lock gate) => Debug.Assert(gate.IsHeldByCurrentThread, "The caller must hold the room's lock.");
}
