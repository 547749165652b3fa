namespace ChatKit.AspNetCore.Endpoints;

/// <summary>Counts an endpoint's connections on this node, in total and for each user. Thread-safe and exact.</summary>
/// <param name="max">The maximum number of connections; null for no limit.</param>
/// <param name="maxPerUser">The maximum number of connections of one user; null for no limit.</param>
internal sealed class ConnectionCounts(int? max, int? maxPerUser)
{
    private readonly Lock _gate = new();

    /// <summary>The counts of users that have connections. Empty if there is no limit for users.</summary>
    private readonly Dictionary<string, int> _countByUser = [];
    private int _total;

    /// <summary>Counts a connection. Returns false, without counting it, if it would exceed the limit.</summary>
    public bool TryEnter()
    {
        lock (_gate)
        {
            if (_total >= max)
                return false;
            _total++;
            return true;
        }
    }

    public void Leave()
    {
        lock (_gate)
            _total--;
    }

    /// <summary>Counts a connection of a user. Returns false, without counting it, if it would exceed the limit.</summary>
    /// <param name="user">The user; null for an anonymous client, which has no limit.</param>
    public bool TryEnter(string? user)
    {
        if (user is null || maxPerUser is null)
            return true;
        lock (_gate)
        {
            var count = _countByUser.GetValueOrDefault(user);
            if (count >= maxPerUser)
                return false;
            _countByUser[user] = count + 1;
            return true;
        }
    }

    public void Leave(string? user)
    {
        if (user is null || maxPerUser is null)
            return;
        lock (_gate)
        {
            if (--_countByUser[user] == 0)
                _countByUser.Remove(user);
        }
    }
}
