namespace ChatRoom.Tests;

public class CommandLineTests
{
    [Theory]
    [InlineData("--port", "65536", "--port is '65536'; it must be a number from 0 to 65535.")]
    [InlineData("--port", "many", "--port is 'many'")]
    [InlineData("--host", "1", "--host is '1'")]
    [InlineData("--host", "192.0.2.1", "Cannot listen on http://192.0.2.1:8000")]
    [InlineData("--host", "nowhere", "--host is 'nowhere'; it must be 'localhost' or an IP address.")]
    [InlineData("--logging", "loud", "--logging is 'loud'; it must be one of debug, info, warning, error, fatal.")]
    [InlineData("--redis", "nonsense=1", "--redis is not a Redis configuration such as localhost:6379")]
    [InlineData("--otlp", "localhost:4317", "--otlp is 'localhost:4317'; it must be the URL of a collector, such as http://localhost:4317.")]
    [InlineData("--colour", "red", "--colour")]
    public async Task An_invalid_value_prints_one_clear_line_and_exits_with_code_2(string option, string value, string problem)
    {
        var (exitCode, output) = await ChatRoomProcess.RunAsync(option, value);

        Assert.Equal(2, exitCode);
        Assert.Contains(problem, output);
        Assert.DoesNotContain('\n', output);
    }

    [Fact]
    public async Task Help_lists_every_option()
    {
        var (exitCode, output) = await ChatRoomProcess.RunAsync("--help");

        Assert.Equal(0, exitCode);
        Assert.All(["--host", "--port", "--logging", "--redis", "--otlp"], option => Assert.Contains(option, output));
    }

    [Fact]
    public async Task The_program_prints_its_URL_and_where_the_history_is()
    {
        await using var chatRoom = await ChatRoomProcess.StartAsync("--host", "0.0.0.0");

        Assert.Equal("localhost", chatRoom.Address.Host);
        await Patience.UntilAsync(() => chatRoom.Output.Contains("in memory"), "the location of the history is printed");
        using var http = new HttpClient();
        Assert.Contains("Join a room", await http.GetStringAsync(chatRoom.Address));
    }

    [Fact]
    public async Task A_port_in_use_prints_one_clear_line()
    {
        await using var first = await ChatRoomProcess.StartAsync("--host", "127.0.0.1");

        var (exitCode, output) = await ChatRoomProcess.RunAsync("--host", "127.0.0.1", "--port", $"{first.Address.Port}");

        Assert.Equal(1, exitCode);
        Assert.Contains("address already in use", output);
        Assert.DoesNotContain('\n', output);
    }

    [Theory]
    [InlineData("debug", true)]
    [InlineData("warning", false)]
    public async Task The_log_level_decides_what_is_logged(string level, bool logged)
    {
        await using var chatRoom = await ChatRoomProcess.StartAsync("--logging", level);
        using var ann = await chatRoom.ConnectAsync("/chat/lobby?name=Ann");
        await ann.SendTextAsync("hello there");
        Assert.Equal("hello there", await ann.ReceiveTextAsync());

        if (logged)
            await Patience.UntilAsync(() => chatRoom.Output.Contains("Ann in lobby: hello there"), "the message is logged");
        Assert.Equal(logged, chatRoom.Output.Contains("Ann entered lobby."));
    }
}
