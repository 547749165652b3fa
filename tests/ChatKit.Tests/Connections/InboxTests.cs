using ChatKit.Connections;
using ChatKit.Connections.Inbound;

namespace ChatKit.Tests.Connections;

public class InboxTests
{
    private readonly Inbox _inbox = new(limit: 3);

    [Fact]
    public void Messages_are_read_in_order()
    {
        Write("a", "b", "c");

        Assert.Equal(["a", "b", "c"], TakeAll());
    }

    [Fact]
    public void A_full_inbox_accepts_no_message_until_one_is_read()
    {
        Write("a", "b", "c");

        Assert.False(_inbox.TryWrite(new WebSocketMessage("d")));
        Assert.True(_inbox.TryRead(out _));
        Assert.True(_inbox.TryWrite(new WebSocketMessage("e")));
        Assert.False(_inbox.TryWrite(new WebSocketMessage("f")));
        Assert.Equal(["b", "c", "e"], TakeAll());
    }

    [Fact]
    public async Task A_writer_waits_until_there_is_space()
    {
        Write("a", "b");
        await _inbox.WaitToWriteAsync().Soon();
        Write("c");
        var space = _inbox.WaitToWriteAsync();
        Assert.False(space.IsCompleted);

        Assert.True(_inbox.TryRead(out _));

        await space.Soon();
        Assert.True(_inbox.TryWrite(new WebSocketMessage("d")));
    }

    [Fact]
    public async Task A_reader_waits_until_there_is_a_message()
    {
        for (var i = 0; i < 3; i++)
        {
            var arrival = _inbox.WaitToReadAsync();
            Assert.False(arrival.IsCompleted);
            Write($"{i}");

            Assert.True(await arrival.AsTask().Soon());
            Assert.True(await _inbox.WaitToReadAsync());
            Assert.Equal([$"{i}"], TakeAll());
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_reader_does_not_resume_inside_the_call_that_wakes_it(bool message)
    {
        using var within = new ThreadLocal<bool>();
        var reading = ReadAsync();

        within.Value = true;
        if (message)
            Write("a");
        else
            _inbox.Complete();
        within.Value = false;

        Assert.False(await reading.Soon());

        async Task<bool> ReadAsync()
        {
            await _inbox.WaitToReadAsync().ConfigureAwait(false);
            return within.Value;
        }
    }

    [Fact]
    public async Task A_writer_does_not_resume_inside_the_call_that_wakes_it()
    {
        using var within = new ThreadLocal<bool>();
        Write("a", "b", "c");
        var waiting = WaitAsync();

        within.Value = true;
        _inbox.TryRead(out _);
        within.Value = false;

        Assert.False(await waiting.Soon());

        async Task<bool> WaitAsync()
        {
            await _inbox.WaitToWriteAsync().ConfigureAwait(false);
            return within.Value;
        }
    }

    [Fact]
    public async Task Completing_wakes_the_reader()
    {
        var arrival = _inbox.WaitToReadAsync().AsTask();

        _inbox.Complete();

        Assert.False(await arrival.Soon());
        Assert.False(await _inbox.WaitToReadAsync().AsTask().Soon());
    }

    [Fact]
    public async Task Completing_wakes_the_writer_and_drops_its_message()
    {
        Write("a", "b", "c");
        var space = _inbox.WaitToWriteAsync();

        _inbox.Complete();

        await space.Soon();
        Assert.True(_inbox.TryWrite(new WebSocketMessage("dropped")));
        await _inbox.WaitToWriteAsync().Soon();
        Assert.Equal(["a", "b", "c"], TakeAll());
    }

    [Fact]
    public async Task Messages_written_before_completing_can_be_read()
    {
        Write("a", "b");
        _inbox.Complete();

        Assert.True(await _inbox.WaitToReadAsync().AsTask().Soon());
        Assert.Equal(["a", "b"], TakeAll());
        Assert.False(await _inbox.WaitToReadAsync().AsTask().Soon());
    }

    [Fact]
    public void Completing_twice_does_no_harm()
    {
        _inbox.Complete();
        _inbox.Complete();

        Assert.True(_inbox.TryWrite(new WebSocketMessage("dropped")));
        Assert.False(_inbox.TryRead(out _));
    }

    [Fact]
    public async Task A_writer_can_wait_until_the_reader_has_finished()
    {
        Write("a");
        _inbox.Complete();
        var finished = _inbox.WaitUntilFinishedAsync();
        TakeAll();
        Assert.False(finished.IsCompleted);

        _inbox.Finish();

        await finished.Soon();
        await _inbox.WaitUntilFinishedAsync().Soon();
    }

    [Fact]
    public async Task No_message_is_lost_between_a_concurrent_writer_and_reader()
    {
        const int Count = 100_000;
        var writing = Task.Run(WriteAllAsync);
        var reading = Task.Run(ReadAllAsync);

        await writing.Soon();
        Assert.Equal(Count, await reading.Soon());

        async Task WriteAllAsync()
        {
            for (var i = 0; i < Count; i++)
            {
                while (!_inbox.TryWrite(Numbered(i)))
                    await _inbox.WaitToWriteAsync();
            }

            _inbox.Complete();
        }

        async Task<int> ReadAllAsync()
        {
            var next = 0;
            while (await _inbox.WaitToReadAsync())
            {
                while (_inbox.TryRead(out var message))
                    Assert.Equal(next++, BitConverter.ToInt32(message.Message.Data.Span));
            }

            return next;
        }
    }

    private static WebSocketMessage Numbered(int number) =>
        new(BitConverter.GetBytes(number), System.Net.WebSockets.WebSocketMessageType.Binary);

    private void Write(params string[] texts)
    {
        foreach (var text in texts)
            Assert.True(_inbox.TryWrite(new WebSocketMessage(text)));
    }

    private List<string> TakeAll()
    {
        List<string> texts = [];
        while (_inbox.TryRead(out var message))
            texts.Add(message.Message.Text);
        return texts;
    }
}
