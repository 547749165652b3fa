using ChatKit.History;

namespace ChatKit.Redis;

/// <summary>The name of the next stream. Few appends start a stream, so a new name is created only when this one may have been used.</summary>
internal sealed class SpareEpoch
{
    private string _epoch = Epoch.Create();

    public string Peek() => Volatile.Read(ref _epoch);

    /// <summary>Reports that an epoch was used, or may have been used.</summary>
    public void Used(string epoch)
    {
        if (Peek() == epoch)
            Volatile.Write(ref _epoch, Epoch.Create());
    }
}
