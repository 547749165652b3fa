namespace ChatKit.Rooms.Reads;

/// <summary>Stores up to which position each user has read each room, for all nodes. A cursor only moves forward.</summary>
internal interface IReadStore
{
    /// <summary>
    /// Moves a user's cursor forward, at most to the room's last position. A cursor of another stream counts as none. A position that is not
    /// of the room's stream changes nothing.
    /// </summary>
    /// <param name="room">The room's name.</param>
    /// <param name="user">The user's ID.</param>
    /// <param name="to">The position up to which the user has read the room.</param>
    /// <param name="cancellationToken">Cancels the wait. The cursor may still be moved.</param>
    /// <returns>The cursor; null if it was not moved.</returns>
    /// <exception cref="HistoryUnavailableException">The store can't be reached.</exception>
    ValueTask<MessagePosition?> MoveAsync(string room, string user, MessagePosition to, CancellationToken cancellationToken = default);

    /// <summary>Gets what a user has read of each room.</summary>
    /// <param name="user">The user's ID.</param>
    /// <param name="rooms">The rooms' names.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The state of each room, in the same order.</returns>
    /// <exception cref="HistoryUnavailableException">The store can't be reached.</exception>
    ValueTask<IReadOnlyList<ReadState>> GetAsync(string user, IReadOnlyList<string> rooms, CancellationToken cancellationToken = default);
}
