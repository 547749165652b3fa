namespace ChatKit.Testing.Hosting;

/// <summary>What the nodes of a test share: the bus, and the in-memory history.</summary>
internal sealed class SharedStore
{
    private volatile bool _isAvailable = true;

    public RoomBus Bus { get; } = new();

    /// <summary>The in-memory history, which the first node has created; null before that.</summary>
    public IMessageHistory? History { get; set; }

    public bool IsAvailable
    {
        get => _isAvailable;
        set
        {
            var isRestored = value && !_isAvailable;
            _isAvailable = value;
            if (isRestored)
                Bus.Reconnect();
        }
    }
}
