namespace ChatKit.Migration.Tests.SignalR;

public sealed class SignalRTests(SignalRApp app) : TeamChatTests(app), IClassFixture<SignalRApp>;
