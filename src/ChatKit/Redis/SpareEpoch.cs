using ChatKit.History;

namespace ChatKit.Redis;

/// <summary>The name of the next stream that begins. Few appends begin one, so it is drawn anew only when it may have been used.</summary>
internal sealed class SpareEpoch
{
    private string _epoch = Epoch.Create();

    public string Peek() => Volatile.Read(ref _epoch);

    /// <summary>Says that an epoch was used, or may have been.</summary>
    public void Used(string epoch)
    {
        if (Peek() == epoch)
            Volatile.Write(ref _epoch, Epoch.Create());
    }
}
