namespace ChatKit.Rooms;

/// <summary>
/// Delivers the items that a <see cref="FanOutQueue"/> has collected. In a room with few members, its methods complete synchronously. In others,
/// they complete on the thread that was the last to deliver.
/// </summary>
internal interface IDelivery
{
    /// <summary>Delivers a batch. Must not throw.</summary>
    /// <param name="batch">The items. The caller doesn't change them until the delivery has ended.</param>
    /// <param name="number">The number of items that the room had taken before.</param>
    ValueTask DeliverAsync(List<RoomItem> batch, long number);

    /// <summary>Delivers signals, the latest of each sender and name. Must not throw.</summary>
    ValueTask DeliverSignalsAsync(IReadOnlyDictionary<SignalKey, RoomItem> signals);
}
