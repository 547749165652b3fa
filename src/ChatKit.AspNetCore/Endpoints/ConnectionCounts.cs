namespace ChatKit.AspNetCore.Endpoints;

/// <summary>How many connections an endpoint has on this node, and each of its users. Exact, whoever comes and goes at the same time.</summary>
/// <param name="max">How many there may be; null for any number.</param>
/// <param name="maxPerUser">How many a user may have; null for any number.</param>
internal sealed class ConnectionCounts(int? max, int? maxPerUser)
{
    private readonly Lock _gate = new();

    /// <summary>Those who have any. Empty if it does not matter how many.</summary>
    private readonly Dictionary<string, int> _ofUsers = [];
    private int _all;

    /// <summary>Counts a connection. False, and not counted, if it would be one too many.</summary>
    public bool TryEnter()
    {
        lock (_gate)
        {
            if (_all >= max)
                return false;
            _all++;
            return true;
        }
    }

    public void Leave()
    {
        lock (_gate)
            _all--;
    }

    /// <summary>Counts a connection of a user. False, and not counted, if it would be one too many.</summary>
    /// <param name="user">The user; null for nobody in particular, who may have any number.</param>
    public bool TryEnter(string? user)
    {
        if (user is null || maxPerUser is null)
            return true;
        lock (_gate)
        {
            var count = _ofUsers.GetValueOrDefault(user);
            if (count >= maxPerUser)
                return false;
            _ofUsers[user] = count + 1;
            return true;
        }
    }

    public void Leave(string? user)
    {
        if (user is null || maxPerUser is null)
            return;
        lock (_gate)
        {
            if (--_ofUsers[user] == 0)
                _ofUsers.Remove(user);
        }
    }
}
