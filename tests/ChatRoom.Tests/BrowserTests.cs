namespace ChatRoom.Tests;

/// <summary>Tests that need a browser. Where there is none, they are skipped before they start anything.</summary>
public abstract class BrowserTests
{
    protected BrowserTests() => Requirement.Chromium();
}
