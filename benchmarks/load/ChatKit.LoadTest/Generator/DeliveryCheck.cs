namespace ChatKit.LoadTest.Generator;

/// <summary>
/// Checks that one member receives every message of each sender in its room, once, and in the order in which it was sent.
/// </summary>
internal sealed class DeliveryCheck(int senders)
{
    /// <summary>The factor of the hash that compares the order of all messages between members. Any odd factor mixes enough.</summary>
    private const ulong OrderFactor = 0x9E3779B97F4A7C15;

    private readonly uint[] _last = new uint[senders];
    private List<Gap>? _gaps;

    /// <summary>A hash of the order. It is the same for two members that received the same messages in the same order.</summary>
    public ulong Order { get; private set; }

    public long Received { get; private set; }

    public long OutOfOrder { get; private set; }

    public long Doubled { get; private set; }

    public void Receive(int sender, uint counter)
    {
        Received++;
        Order = ((Order ^ counter) * OrderFactor) + (uint)sender;
        ref var last = ref _last[sender];
        if (counter == last + 1)
            last = counter;
        else
            ReceiveOther(sender, counter, ref last);
    }

    /// <summary>The number of messages that never arrived.</summary>
    /// <param name="sent">The number of messages that each sender has sent.</param>
    public long Lost(IReadOnlyList<Sender> sent)
    {
        var lost = _gaps?.Sum(static gap => (long)gap.Last - gap.First + 1) ?? 0;
        for (var i = 0; i < _last.Length; i++)
            lost += sent[i].Sent - (long)_last[i];
        return lost;
    }

    private void ReceiveOther(int sender, uint counter, ref uint last)
    {
        _gaps ??= [];
        if (counter > last)
        {
            _gaps.Add(new Gap(sender, last + 1, counter - 1));
            last = counter;
            return;
        }

        var index = _gaps.FindIndex(gap => gap.Sender == sender && gap.First <= counter && counter <= gap.Last);
        if (index < 0)
        {
            Doubled++;
            return;
        }

        OutOfOrder++;
        var gap = _gaps[index];
        _gaps.RemoveAt(index);
        if (gap.First < counter)
            _gaps.Add(gap with { Last = counter - 1 });
        if (counter < gap.Last)
            _gaps.Add(gap with { First = counter + 1 });
    }

    private readonly record struct Gap(int Sender, uint First, uint Last);
}
