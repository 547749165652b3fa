using System.Diagnostics.CodeAnalysis;

namespace ChatKit.Rooms;

/// <summary>
/// The turns of those who read pages of histories, on this node. A few at a time, in the order in which they ask; and as each room asks for
/// one thing at a time, none takes the turns of the others.
/// </summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "Nobody asks for its wait handle.")]
internal sealed class PageReads
{
    /// <summary>Enough to keep the store busy. A page may have megabytes, and whoever publishes shares the connection with it.</summary>
    private const int AtOnce = 4;

    private readonly SemaphoreSlim _turns = new(AtOnce);

    public Task EnterAsync() => _turns.WaitAsync();

    public void Leave() => _turns.Release();
}
