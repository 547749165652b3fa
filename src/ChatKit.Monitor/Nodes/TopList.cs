namespace ChatKit.Monitor.Nodes;

/// <summary>Keeps the first items of a long sequence in an order, in a space that doesn't depend on its length.</summary>
/// <typeparam name="T">The type of the items.</typeparam>
/// <typeparam name="TKey">What the order depends on.</typeparam>
internal sealed class TopList<T, TKey>(int capacity, IComparer<TKey> order)
{
    private readonly PriorityQueue<T, TKey> _items = new(capacity + 1, Comparer<TKey>.Create((x, y) => order.Compare(y, x)));

    public void Add(T item, TKey key)
    {
        _items.Enqueue(item, key);
        if (_items.Count > capacity)
            _items.Dequeue();
    }

    /// <summary>Removes all items. Returns them in order.</summary>
    public IReadOnlyList<T> Take()
    {
        var items = new T[_items.Count];
        for (var i = items.Length; i > 0; i--)
            items[i - 1] = _items.Dequeue();
        return items;
    }
}
