using ChatKit.History;
using Microsoft.Extensions.Time.Testing;

namespace ChatKit.Tests.History;

public sealed class IdempotencyKeysTests : IDisposable
{
    private static readonly MessagePosition Position = new("e", 1);

    private readonly FakeTimeProvider _clock = new();
    private readonly IdempotencyKeys _keys;

    public IdempotencyKeysTests() => _keys = new IdempotencyKeys(_clock);

    public void Dispose() => _keys.Dispose();

    [Fact]
    public void Keys_expire_even_if_nothing_is_added()
    {
        for (var i = 0; i < 1000; i++)
            _keys.Add("room", $"{i}", Position);
        _clock.Advance(IdempotencyKeys.Lifetime / 2);
        _keys.Add("room", "late", Position);

        _clock.Advance(IdempotencyKeys.Lifetime / 2);
        Assert.Equal(1, _keys.Count);
        _clock.Advance(IdempotencyKeys.Lifetime / 2);

        Assert.Equal(0, _keys.Count);
    }

    [Fact]
    public void Keys_added_after_all_others_have_expired_expire_too()
    {
        for (var round = 0; round < 3; round++)
        {
            _keys.Add("room", $"{round}", Position);
            _clock.Advance(IdempotencyKeys.Lifetime);
            Assert.Equal(0, _keys.Count);
        }
    }

    [Fact]
    public void At_the_maximum_count_the_oldest_key_is_removed_first()
    {
        for (var i = 0; i <= IdempotencyKeys.MaxCount; i++)
            _keys.Add("room", $"{i}", Position);

        Assert.Equal(IdempotencyKeys.MaxCount, _keys.Count);
        Assert.Null(_keys.Find("room", "0"));
        Assert.NotNull(_keys.Find("room", "1"));
        Assert.NotNull(_keys.Find("room", $"{IdempotencyKeys.MaxCount}"));
    }
}
