namespace ChatKit.Rooms;

/// <summary>Delivers the items that a <see cref="FanOutQueue"/> has collected.</summary>
internal interface IDelivery
{
    /// <summary>Delivers a batch. Must not throw.</summary>
    /// <param name="batch">The items.</param>
    /// <param name="number">The number of items that the room had taken before.</param>
    void Deliver(ReadOnlySpan<RoomItem> batch, long number);

    /// <summary>Delivers signals, the latest of each sender and name. Must not throw.</summary>
    void DeliverSignals(IReadOnlyDictionary<SignalKey, RoomItem> signals);
}
